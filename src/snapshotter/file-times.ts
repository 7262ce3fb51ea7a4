import { futimesSync, lutimesSync } from "node:fs";
import { toHostPath, type BytePath } from "../oci/changeset.js";

/** Sets both times, in seconds since the epoch, of what is at a path; no symlink is followed. */
export function setTimes(host: BytePath, seconds: number): void {
  const time = asText(seconds);
  lutimesSync(toHostPath(host), time, time);
}

/** As `setTimes`, of an open file. */
export function setTimesOf(fd: number, seconds: number): void {
  const time = asText(seconds);
  futimesSync(fd, time, time);
}

/** Node takes a number below zero, a time before 1970, for the present. */
function asText(seconds: number): string {
  return String(seconds);
}
