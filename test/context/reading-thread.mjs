// As in the bundle, from the sources: threads do not inherit tsx.
import { tsImport } from "tsx/esm/api";

await tsImport("../../src/context/reading-thread.ts", import.meta.url);
