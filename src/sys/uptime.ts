/**
 * Milliseconds since this process started, to tell how long something takes. To start node's "performance" takes
 * one of them.
 */
export function uptime(): number {
  // eslint-disable-next-line no-restricted-globals -- neither argv nor environment, and the same for everybody
  return process.uptime() * 1000;
}
