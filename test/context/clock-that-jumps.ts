/** Until disposed, so many milliseconds pass between two looks at the clock, whatever is done in between. */
export function clockThatJumps(milliseconds: number): Disposable {
  let time = performance.now();
  performance.now = () => (time += milliseconds);
  return {
    [Symbol.dispose]() {
      Reflect.deleteProperty(performance, "now"); // the prototype has its own
    },
  };
}
