import type { Progress } from "./args/words.js";

/** `tsbuild pull NAME`. */
export interface PullCommand {
  readonly kind: "pull";
  readonly name: string;
  /** Every tag of the repository. */
  readonly all: boolean;
  readonly platform: string | undefined;
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** `tsbuild push NAME`. */
export interface PushCommand {
  readonly kind: "push";
  readonly name: string;
  /** Every tag of the repository that is in the store. */
  readonly all: boolean;
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** `tsbuild login [SERVER]`. */
export interface LoginCommand {
  readonly kind: "login";
  /** Its host; "docker.io" when none is named. */
  readonly registry: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The password is on standard input. */
  readonly passwordStdin: boolean;
  readonly debug: boolean;
}

/** `tsbuild logout [SERVER]`. */
export interface LogoutCommand {
  readonly kind: "logout";
  readonly registry: string;
  readonly debug: boolean;
}
