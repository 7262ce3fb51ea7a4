import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the kernel tells what it runs by an interpreter, and which (admin-guide/binfmt-misc). */
export const BINFMT = "/proc/sys/fs/binfmt_misc";

/** Whether an interpreter is registered for files that begin so; false where nothing can be read of that. */
export function hasInterpreter(head: Buffer, directory: string): boolean {
  try {
    if (readFileSync(join(directory, "status"), "latin1").trim() !== "enabled") return false;
    const entries = readdirSync(directory).filter(
      (name) => name !== "status" && name !== "register",
    );
    return entries.some((name) => takes(readFileSync(join(directory, name), "latin1"), head));
  } catch {
    return false; // not mounted
  }
}

/** Reads an entry: "enabled", then lines of a name and a value. */
function takes(entry: string, head: Buffer): boolean {
  const [state, ...lines] = entry.split("\n");
  if (state !== "enabled") return false;
  const values = new Map(lines.map((line) => [line.split(" ")[0], line.split(" ")[1] ?? ""]));
  const magic = Buffer.from(values.get("magic") ?? "", "hex");
  const mask = Buffer.from(values.get("mask") ?? "", "hex");
  const start = Number(values.get("offset") ?? "0");
  if (magic.length === 0) return false; // by the end of the name
  return magic.every((byte, i) => {
    const bits = mask[i] ?? 0xff;
    return ((head[start + i] ?? 0) & bits) === (byte & bits);
  });
}
