import type { Annotation } from "./args/annotation.js";
import type { Progress } from "./args/words.js";

/** `tsbuild imagetools`: images where they lie in registries. */
export type ImagetoolsCommand =
  | {
      readonly kind: "imagetools-create";
      /** As written: names, digests, descriptors, OCI layouts. */
      readonly sources: readonly string[];
      /** Files that hold sources. */
      readonly files: readonly string[];
      readonly tags: readonly string[];
      /** What the first tag leads to is a source, too. */
      readonly append: boolean;
      readonly dryRun: boolean;
      readonly preferIndex: boolean;
      /** Only these; none is all. */
      readonly platforms: readonly string[];
      readonly annotations: readonly Annotation[];
      readonly metadataFile: string | undefined;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "imagetools-inspect";
      readonly name: string;
      readonly raw: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    };
