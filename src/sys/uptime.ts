/**
 * Milliseconds since this process started, to tell how long something takes. To start node's "performance" takes
 * one of them.
 */
export function uptime(): number {
  return process.uptime() * 1000;
}
