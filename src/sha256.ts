/** Bytes of a SHA-256 (FIPS 180-4). */
export const SHA256_SIZE = 32;

/** Digits of one in hex. */
export const SHA256_DIGITS = 2 * SHA256_SIZE;
