import { goQuote } from "../../plan/go-format.js";
import { MOST, TemplateError } from "./template-tokens.js";
import { printed } from "./template-value.js";

/** That JavaScript writes behind the point. */
const DIGITS = 100;

/** Go's `fmt.Sprintf` with the verbs s, d, q, v, t, x, f and %, widths, precisions and "-", "0", "+". */
export function printf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+0 ]*)(\d*)(?:\.(\d+))?(.|$)/gsu,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const body = verbOf(verb, values[next++], { flags, precision });
      return padded(body, { flags, width: sizeOf(width, MOST), verb });
    },
  );
  if (next < values.length) throw new TemplateError(`printf has too many values for "${format}"`);
  return text;
}

function verbOf(
  verb: string,
  value: unknown,
  { flags, precision }: { readonly flags: string; readonly precision: string | undefined },
): string {
  const sign = flags.includes("+") && typeof value === "number" && value >= 0 ? "+" : "";
  switch (verb) {
    case "s":
    case "v": {
      const text = printed(value, "<nil>");
      return (
        sign +
        (precision === undefined
          ? text
          : Array.from(text).slice(0, sizeOf(precision, MOST)).join(""))
      );
    }
    case "d":
      return sign + String(wholeNumber(verb, value));
    case "q":
      return Array.isArray(value)
        ? `[${value.map((item) => goQuote(printed(item))).join(" ")}]`
        : goQuote(printed(value));
    case "t":
      return String(Boolean(value));
    case "x":
      return typeof value === "number"
        ? value.toString(16)
        : Buffer.from(printed(value)).toString("hex");
    case "f":
      return sign + Number(value).toFixed(sizeOf(precision ?? "6", DIGITS));
    default:
      throw new TemplateError(`printf "%${verb}" is not supported: want s, d, q, v, t, x or f`);
  }
}

/** Of a width or a precision, which a verb may leave out. */
function sizeOf(digits: string, most: number): number {
  if (Number(digits) <= most) return Number(digits);
  throw new TemplateError(`printf takes at most ${most} where it says ${digits}`);
}

function wholeNumber(verb: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new TemplateError(`printf "%${verb}" wants a whole number, not ${printed(value)}`);
}

function padded(
  text: string,
  { flags, width, verb }: { readonly flags: string; readonly width: number; readonly verb: string },
): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  return (flags.includes("0") && /[dfx]/.test(verb) ? "0" : " ").repeat(missing) + text;
}
