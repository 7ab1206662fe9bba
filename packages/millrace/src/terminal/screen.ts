/** For what talks with a person line by line: the keys, and where they are echoed. */
export const screen = { input: process.stdin, output: process.stdout }
