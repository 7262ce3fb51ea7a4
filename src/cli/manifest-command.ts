import type { Platform } from "../oci/platform.js";
import type { Progress } from "./args/words.js";

/** `tsbuild manifest`: lists of images that are made here and pushed. */
export type ManifestCommand =
  | {
      readonly kind: "manifest-create";
      readonly list: string;
      readonly images: readonly string[];
      readonly amend: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "manifest-annotate";
      readonly list: string;
      readonly image: string;
      /** Only what is to be changed. */
      readonly platform: Partial<Platform>;
      readonly debug: boolean;
    }
  | {
      readonly kind: "manifest-push";
      readonly list: string;
      readonly purge: boolean;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | { readonly kind: "manifest-inspect"; readonly name: string; readonly debug: boolean }
  | { readonly kind: "manifest-rm"; readonly lists: readonly string[]; readonly debug: boolean };
