import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { asCdiSpec, type CdiSpec } from "./spec-shape.js";

/** Where the programs of vendors put specifications; the same device further on in the list wins. */
export const CDI_DIRECTORIES: readonly string[] = ["/etc/cdi", "/var/run/cdi"];

/** A specification, or why a file is none. */
export type SpecFile = { readonly path: string } & (
  { readonly spec: CdiSpec } | { readonly problem: string }
);

/** Reads every file of a directory that is a specification by its name; a directory may be missing. */
export async function readSpecFiles(directory: string): Promise<readonly SpecFile[]> {
  const names = await readdir(directory).catch(() => []);
  const paths = names.filter(isSpecification).map((name) => join(directory, name));
  return await Promise.all(paths.toSorted().map(readSpecFile));
}

function isSpecification(name: string): boolean {
  return [".json", ".yaml", ".yml"].includes(extname(name));
}

/** A file that one vendor broke must not take the devices of another away. */
async function readSpecFile(path: string): Promise<SpecFile> {
  try {
    return { path, spec: asCdiSpec(await parse(path), `"${path}"`) };
  } catch (error) {
    return { path, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function parse(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  if (path.endsWith(".json")) return JSON.parse(text, withoutNull);
  const { parse } = await import("yaml");
  return parse(text, withoutNull);
}

/** Go writes what is empty as null. */
function withoutNull(_key: unknown, value: unknown): unknown {
  return value ?? undefined;
}
