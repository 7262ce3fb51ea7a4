/** Until disposed, so many milliseconds pass between two looks at the clock, whatever is done in between. */
export function clockThatJumps(milliseconds: number): Disposable {
  const { uptime } = Object.getOwnPropertyDescriptors(process);
  let seconds = process.uptime();
  process.uptime = () => (seconds += milliseconds / 1000);
  return {
    [Symbol.dispose]() {
      Object.defineProperty(process, "uptime", uptime);
    },
  };
}
