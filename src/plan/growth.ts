/** What variables may add to a text, so that values which multiply each other end in an error. */
export const maxGrowth = 16 * 1024 * 1024;
/** Why there is no text. */
export const tooLarge = "the result is larger than 16 MiB";
