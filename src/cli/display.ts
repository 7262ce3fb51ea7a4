import type { RendererOptions, Style } from "../progress/renderer.js";
import type { Io } from "./io.js";

/** Whether standard error is a terminal whose user wants colours. */
export function wantsColor({ terminal, env }: Pick<Io, "env" | "terminal">): boolean {
  return terminal.err && (env["NO_COLOR"] ?? "") === "";
}

type Display = Pick<RendererOptions, "codes" | "logLimit" | "logLines" | "refreshMs">;

/** What BuildKit's variables say of the display (F34, U08); what means nothing in them counts for nothing. */
export function displayOf(env: Io["env"]): Display {
  const limit = /^-1$|^\d{1,15}$/.exec(env["BUILDKIT_STEP_LOG_MAX_SIZE"] ?? "")?.[0];
  return {
    codes: readColors(env["BUILDKIT_COLORS"] ?? ""),
    logLines: wholeNumber(env["BUILDKIT_TTY_LOG_LINES"]),
    refreshMs: wholeNumber(env["TTY_DISPLAY_RATE"]),
    logLimit: limit === "-1" ? Infinity : wholeNumber(limit),
  };
}

function wholeNumber(text = ""): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

const styles: ReadonlyMap<string, Style> = new Map([
  ["run", "done"],
  ["cancel", "cancelled"],
  ["error", "failed"],
  ["warning", "warning"],
]);
const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** "run=cyan:error=255,0,0" as what Select Graphic Rendition takes. */
function readColors(text: string): Readonly<Partial<Record<Style, string>>> {
  const codes: Partial<Record<Style, string>> = {};
  for (const field of text.split(":")) {
    const [name = "", color = ""] = field.split("=");
    const style = styles.get(name);
    const code = codeOf(color);
    if (style !== undefined && code !== undefined) codes[style] = code;
  }
  return codes;
}

function codeOf(color: string): string | undefined {
  const index = names.indexOf(color.toLowerCase());
  if (index >= 0) return String(30 + index);
  const parts = /^\d{1,3},\d{1,3},\d{1,3}$/.test(color) ? color.split(",").map(Number) : [];
  const isColor = parts.length === 3 && parts.every((part) => part <= 255);
  return isColor ? `38;2;${parts.join(";")}` : undefined;
}
