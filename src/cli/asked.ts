/** The variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the environment, and which of them were asked for. */
export class AskedVariables {
  readonly env: Environment;
  /** The value that each had, undefined where there was none. */
  readonly asked = new Map<string, string | undefined>();

  constructor(env: Environment) {
    const ask = (name: string): string | undefined => {
      const value = env[name];
      this.asked.set(name, value);
      return value;
    };
    this.env = new Proxy(env, {
      get: (_, name) => (typeof name === "string" ? ask(name) : undefined),
      has: (_, name) => typeof name === "string" && ask(name) !== undefined,
      // who wants all of them copies them, too
      getOwnPropertyDescriptor: (_, name) => {
        if (typeof name === "string") ask(name);
        return Reflect.getOwnPropertyDescriptor(env, name);
      },
    });
  }
}
