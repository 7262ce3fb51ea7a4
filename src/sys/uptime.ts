import { uptime as seconds } from "node:process";

/**
 * Milliseconds since this process started, to tell how long something takes. To start node's "performance" takes
 * one of them.
 */
export function uptime(): number {
  return seconds() * 1000;
}
