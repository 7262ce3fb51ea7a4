import type { Transfer, Workload } from "../workload.js";
import { cachedManyFiles, cachedTenSteps } from "./cached.js";
import { copyLargeFile, copyManyFiles, editOneFile } from "./copy.js";
import { buildAndPush, exportArchive, pullBase } from "./images.js";
import { coldRuns, fourStages } from "./run.js";
import { scaleWorkloads } from "./scale.js";
import { cacheExport, cacheImport, pullImage, pushImage } from "./transfer.js";

/** Every workload, the quick ones first. */
export const workloads: readonly (Transfer | Workload)[] = [
  cachedTenSteps,
  coldRuns,
  fourStages,
  cachedManyFiles,
  editOneFile,
  copyManyFiles,
  copyLargeFile,
  pullBase,
  exportArchive,
  buildAndPush,
  pullImage,
  pushImage,
  cacheExport,
  cacheImport,
  ...scaleWorkloads,
];
