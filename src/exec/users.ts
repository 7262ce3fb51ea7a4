import { BuildError } from "../error.js";

/** Reads a small text file of a root filesystem, links followed inside it; undefined when there is none. */
export type ReadRootFile = (path: string) => Promise<string | undefined>;

/** Whom a process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/** Who owns a file. */
export interface ResolvedOwner {
  readonly uid: number;
  readonly gid: number;
}

interface PasswdEntry extends ResolvedOwner {
  readonly name: string;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * Looks up `user[:group]`, names or ids, as USER means it: an id needs no entry, but one that has
 * an entry gets its group and supplementary groups; a group given leaves no supplementary ones.
 */
export async function resolveUser(read: ReadRootFile, user: string): Promise<ResolvedUser> {
  const [name, group] = splitUser(user);
  const wanted = name === "" ? "0" : name;
  const entry = findByName(await readPasswd(read), wanted, (known) => known.uid);
  const uid = entry?.uid ?? idOf(wanted) ?? unknownUser("user", wanted, user);
  const groups = await readGroups(read);
  const home = entry?.home ?? "/";
  if (group !== undefined)
    return { uid, gid: findGid(groups, group, user), additionalGids: [], home };
  const additionalGids = entry === undefined ? [] : gidsOf(groups, entry.name);
  return { uid, gid: entry?.gid ?? 0, additionalGids, home };
}

/**
 * Looks up the `user[:group]` of --chown: without a group, an id's group is the same number and a
 * name's that of its entry; an empty one is root.
 */
export async function resolveOwner(read: ReadRootFile, chown: string): Promise<ResolvedOwner> {
  const [name, group = chown.includes(":") ? "0" : undefined] = splitUser(chown);
  const user = await ownerOf(read, name, chown);
  if (group === undefined) return user;
  const id = parseId(group);
  const gid = id ?? findGid(await readGroups(read), group, chown);
  return { uid: user.uid, gid };
}

async function ownerOf(read: ReadRootFile, name: string, chown: string): Promise<ResolvedOwner> {
  const id = parseId(name === "" ? "0" : name);
  if (id !== undefined) return { uid: id, gid: id };
  const entry = (await readPasswd(read)).find((known) => known.name === name);
  const { uid, gid } = entry ?? rootWithoutEntry(name) ?? unknownUser("user", name, chown);
  return { uid, gid };
}

function splitUser(user: string): readonly [name: string, group: string | undefined] {
  const colon = user.indexOf(":");
  if (colon < 0) return [user, undefined];
  const group = user.slice(colon + 1);
  return [user.slice(0, colon), group === "" ? undefined : group];
}

const LARGEST_ID = 2 ** 31 - 1; // as Docker: what survives a 32-bit signed id

function parseId(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id <= LARGEST_ID) return id;
  throw new BuildError("USER_NOT_FOUND", `Cannot use id "${text}": larger than ${LARGEST_ID}`);
}

/** An image from scratch has no entry for root, and still has root. */
function rootWithoutEntry(name: string): ResolvedOwner | undefined {
  return name === "root" ? { uid: 0, gid: 0 } : undefined;
}

function idOf(name: string): number | undefined {
  return parseId(name) ?? rootWithoutEntry(name)?.uid;
}

/** The first entry of that name or, where it is a number, of that id. */
function findByName<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  wanted: string,
  idOf: (entry: Entry) => number,
): Entry | undefined {
  const id = parseId(wanted);
  return entries.find((entry) => entry.name === wanted || idOf(entry) === id);
}

function findGid(groups: readonly GroupEntry[], group: string, user: string): number {
  const entry = findByName(groups, group, (known) => known.gid);
  return entry?.gid ?? idOf(group) ?? unknownUser("group", group, user);
}

function gidsOf(groups: readonly GroupEntry[], name: string): readonly number[] {
  return groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
}

function unknownUser(kind: "user" | "group", name: string, whole: string): never {
  const file = kind === "user" ? "/etc/passwd" : "/etc/group";
  throw new BuildError(
    "USER_NOT_FOUND",
    `Cannot use "${whole}": the image's ${file} has no ${kind} "${name}"`,
    { hint: `create the ${kind} in an earlier RUN, or use its numeric id` },
  );
}

async function readPasswd(read: ReadRootFile): Promise<readonly PasswdEntry[]> {
  return (await readRecords(read, "etc/passwd")).flatMap(
    ([name = "", , uid = "", gid = "", , home = ""]) =>
      isEntry(name, uid, gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [],
  );
}

async function readGroups(read: ReadRootFile): Promise<readonly GroupEntry[]> {
  return (await readRecords(read, "etc/group")).flatMap(([name = "", , gid = "", users = ""]) =>
    isEntry(name, gid) ? [{ name, gid: Number(gid), members: users.split(",") }] : [],
  );
}

function isEntry(name: string, ...ids: readonly string[]): boolean {
  return name !== "" && ids.every((id) => /^\d{1,10}$/.test(id) && Number(id) <= LARGEST_ID);
}

async function readRecords(read: ReadRootFile, path: string): Promise<readonly string[][]> {
  const text = (await read(path)) ?? "";
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.split(":"));
}
