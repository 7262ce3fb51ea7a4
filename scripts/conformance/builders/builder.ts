import type { Outcome } from "../outcome.js";
import type { View } from "../render.js";
import type { Job } from "../run-build.js";

/** A program that builds the cases; `busybox` is known to it. */
export interface CaseBuilder extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  /** What of its results can be compared with those of others. */
  readonly view: View;
  build(job: Job): Promise<Outcome>;
}

/** What every builder is set up with. */
export interface CaseSite {
  /** An empty directory of its own. */
  readonly root: string;
  /** A `docker save` archive with the image busybox. */
  readonly busybox: string;
}
