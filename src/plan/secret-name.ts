const secretWord =
  /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/;
const harmlessWord = /(?:_|^)(?:public|file|version)(?:_|$)/;

/** Whether the value of a variable of that name is likely to be a secret (L16). */
export function looksSecret(name: string): boolean {
  const word = name.toLowerCase();
  return secretWord.test(word) && !harmlessWord.test(word);
}

/** Stands where a secret would. */
export const MASK = "****";

/** Without the user names and passwords of the URLs in it: they end at the last "@" before a "/". */
export function credentialsHidden(text: string): string {
  return text.replaceAll(/(?<=\w:\/\/)[^\s/]+@/g, `${MASK}@`);
}
