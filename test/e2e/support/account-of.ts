import { execFileSync } from "node:child_process";
import type { Account } from "./accounts.js";

/** The account of that name on this machine. */
export function accountOf(name: string): Account {
  const line = execFileSync("getent", ["passwd", name], { encoding: "utf8" });
  const [, , uid, gid, , home = "/"] = line.trim().split(":");
  return {
    title: uid === "0" ? "root" : "an ordinary user",
    name,
    home,
    uid: Number(uid),
    gid: Number(gid),
  };
}
