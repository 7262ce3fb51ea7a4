import type { Space } from "./args/space.js";
import type { Filter } from "./args/filter.js";

/** The commands that only look at the store or change its names. */
export type StoreCommand =
  | {
      readonly kind: "images";
      /** NAME[:TAG], or a pattern of it. */
      readonly name: string | undefined;
      /** Also base images for other platforms. */
      readonly all: boolean;
      readonly filters: readonly Filter[];
      readonly quiet: boolean;
      readonly noTrunc: boolean;
      readonly digests: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "inspect";
      readonly names: readonly string[];
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "history";
      readonly name: string;
      readonly quiet: boolean;
      readonly noTrunc: boolean;
      /** Sizes and ages for people, else bytes and times. */
      readonly human: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "tag";
      readonly source: string;
      readonly destination: string;
      readonly debug: boolean;
    }
  | {
      readonly kind: "rmi";
      readonly names: readonly string[];
      readonly force: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "save";
      readonly names: readonly string[];
      /** Undefined is standard output. */
      readonly output: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "load";
      /** Undefined is standard input. */
      readonly input: string | undefined;
      readonly quiet: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "import";
      /** A file, a URL, or "-" for standard input. */
      readonly source: string;
      readonly name: string | undefined;
      /** Dockerfile instructions. */
      readonly changes: readonly string[];
      readonly message: string | undefined;
      readonly platform: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "export";
      readonly image: string;
      /** Undefined is standard output. */
      readonly output: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "diff";
      readonly image: string;
      /** Undefined is the image that it was built from. */
      readonly base: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "prune";
      /** Also images with a name. */
      readonly all: boolean;
      /** Asks nothing. */
      readonly force: boolean;
      /** Only tells what it would do. */
      readonly plan: boolean;
      readonly verbose: boolean;
      readonly filters: readonly Filter[];
      readonly maxUsed: Space | undefined;
      readonly minFree: Space | undefined;
      readonly reserved: Space | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "du";
      readonly filters: readonly Filter[];
      readonly format: string | undefined;
      readonly verbose: boolean;
      readonly debug: boolean;
    };
