import { BuildError } from "../error.js";
import { plain } from "./plain.js";
import { quiet } from "./quiet.js";
import { rawJson } from "./raw-json.js";
import type { Renderer, RendererOptions } from "./renderer.js";
import { tty } from "./tty.js";

/** A way of drawing. */
export type Mode = "plain" | "quiet" | "rawjson" | "tty";

/** Decides how to draw; `isTty` tells whether that goes to a terminal. */
export function chooseMode(requested: Mode | "auto" | "none", isTty: boolean): Mode {
  switch (requested) {
    case "auto":
      return isTty ? "tty" : "plain";
    case "none":
      return "quiet";
    case "tty":
      if (isTty) return "tty";
      throw new BuildError(
        "USAGE",
        'Cannot use --progress "tty": there is no terminal to draw on',
        {
          hint: "--progress=plain works everywhere",
        },
      );
    case "plain":
    case "quiet":
    case "rawjson":
      return requested;
  }
}

/** Makes the renderer of a mode. */
export function createRenderer(mode: Mode, options: RendererOptions): Renderer {
  switch (mode) {
    case "plain":
      return plain(options);
    case "quiet":
      return quiet(options);
    case "rawjson":
      return rawJson(options);
    case "tty":
      return tty(options);
  }
}
