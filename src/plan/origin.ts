/** Where COPY, ADD and mounts read from. */
export type Origin =
  | { readonly kind: "context" }
  /** A stage of the same plan, by its index there. */
  | { readonly kind: "stage"; readonly stage: number }
  /** An image, by an index into `Plan.images`. */
  | { readonly kind: "image"; readonly image: number }
  /** A named context that is a directory (`--build-context name=DIR`). */
  | { readonly kind: "named"; readonly name: string };
