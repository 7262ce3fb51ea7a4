import type { EpochSource } from "../../plan/plan.js";
import type { Building } from "./engine.js";
import { resolve } from "./remote-input.js";

/** When that was made whose time a build is to have, in seconds; undefined where nobody knows (T02). */
export async function timeOf(epoch: EpochSource, building: Building): Promise<number | undefined> {
  switch (epoch.kind) {
    case "context":
      return await building.contexts.time(undefined);
    case "named":
      return await building.contexts.time(epoch.name);
    case "remote": {
      const { source } = epoch;
      // a body that is known by its checksum would tell no time: the server is asked
      const asked = source.kind === "http" ? { ...source, checksum: undefined } : source;
      const content = await resolve(asked, "load the time of SOURCE_DATE_EPOCH", building);
      return await content.time(building.session.io.signal);
    }
  }
}
