import type { Progress } from "./args/words.js";

/** One `--filter` of builds that are kept. */
export type BuildFilter =
  | {
      readonly key: "ref" | "repository" | "status";
      readonly operator: "!=" | "=";
      readonly value: string;
    }
  | {
      readonly key: "completedAt" | "startedAt";
      readonly operator: Comparison;
      /** Milliseconds since the epoch, or before now. */
      readonly value: { readonly at: number } | { readonly ago: number };
    }
  | {
      readonly key: "duration";
      readonly operator: Comparison;
      /** In milliseconds. */
      readonly value: number;
    };
/** How two numbers are compared. */
export type Comparison = "<" | "<=" | ">" | ">=";

/** The commands about builds that are kept; an undefined `build` is the last one that ended. */
export type BuildsCommand =
  | {
      readonly kind: "builds";
      readonly filters: readonly BuildFilter[];
      /** Those of the git repository in which the command is. */
      readonly local: boolean;
      readonly format: string | undefined;
      readonly noTrunc: boolean;
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
      readonly kind: "build-attachment";
      readonly build: string | undefined;
      readonly digest: string | undefined;
      readonly type: string | undefined;
      /** As written, or "local". */
      readonly platform: string | undefined;
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
