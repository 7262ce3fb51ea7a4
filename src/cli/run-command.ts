import type { Setting } from "./args/setting.js";
import type { Volume } from "./args/volume.js";
import type { Network } from "./args/words.js";

/** `tsbuild run IMAGE [COMMAND…]`. */
export interface RunCommand {
  readonly kind: "run";
  readonly image: string;
  /** Everything after IMAGE, flags included; empty means the image's own CMD. */
  readonly argv: readonly string[];
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly env: readonly Setting[];
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  /** Empty takes the image's ENTRYPOINT away. */
  readonly entrypoint: string | undefined;
  readonly network: Network;
  readonly volumes: readonly Volume[];
  readonly debug: boolean;
}
