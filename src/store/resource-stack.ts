/** Resources that live as long as one thing; disposing takes the last one first, each once. */
export class ResourceStack implements AsyncDisposable {
  readonly #resources: AsyncDisposable[] = [];

  /** Adds a resource and answers it. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.#resources.push(resource);
    return resource;
  }

  /** Hands all over to a new stack: for what goes on after its block. */
  move(): ResourceStack {
    const moved = new ResourceStack();
    for (const resource of this.#resources.splice(0)) moved.use(resource);
    return moved;
  }

  /** Disposes all, also after a failure; throws the first one. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let next = this.#resources.pop(); next !== undefined; next = this.#resources.pop()) {
      try {
        await next[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
