import type { PlanOptions } from "./plan.js";
import type { Warn } from "./lint.js";

/** What holds for the whole Dockerfile. */
export interface Setting {
  readonly options: PlanOptions;
  readonly escape: "\\" | "`";
  /** Values of platform arguments and of ARGs before the first FROM. */
  readonly globals: ReadonlyMap<string, string>;
  /** The same as if no --build-arg were given; undefined where that does not expand. */
  readonly defaults: ReadonlyMap<string, string> | undefined;
  /** Names of ARGs before the first FROM, with and without a value. */
  readonly declared: ReadonlySet<string>;
  readonly warn: Warn;
}
