/**
 * Gives the value of a secret by its id (`--secret`); undefined when the user gave none of that id. Asked
 * each time it is needed: values are not kept.
 */
export type SecretSource = (id: string) => Promise<Uint8Array | undefined>;
