import type { Progress } from "./args/words.js";

/** The commands about builds that are kept; an undefined `build` is the last one that ended. */
export type BuildsCommand =
  | {
      readonly kind: "builds";
      readonly format: string | undefined;
      readonly quiet: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "build-logs";
      readonly build: string | undefined;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "build-report";
      readonly build: string | undefined;
      readonly json: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "remove-builds";
      readonly builds: readonly string[];
      readonly all: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "step-log";
      readonly build: string | undefined;
      readonly step: string;
      readonly debug: boolean;
    }
  | {
      readonly kind: "explain";
      readonly build: string | undefined;
      readonly step: string | undefined;
      readonly json: boolean;
      readonly debug: boolean;
    };
