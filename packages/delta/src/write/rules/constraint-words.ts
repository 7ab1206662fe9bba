/** A word of a CHECK constraint. */
export interface Word {
  readonly kind: 'name' | 'quoted name' | 'number' | 'text' | 'sign'
  readonly text: string
}

const WORDS =
  /\s+|(?<name>[a-z_][a-z0-9_]*)|`(?<quoted>(?:[^`]|``)+)`|(?<number>\d+(?:\.\d+)?|\.\d+)(?![\w.])|'(?<text>[^'\\]*)'(?!\s*['"])|(?<sign><=>|<>|!=|<=|>=|==|[=<>(),+-])/giy

/** Returns the words of an expression, or undefined where it has what no rule of ours takes. */
export function wordsOf(expression: string): Word[] | undefined {
  const words: Word[] = []
  WORDS.lastIndex = 0
  while (WORDS.lastIndex < expression.length) {
    const match = WORDS.exec(expression)
    if (!match?.groups) return undefined
    const { name, quoted, number, text, sign } = match.groups
    if (name !== undefined) words.push({ kind: 'name', text: name })
    else if (quoted !== undefined) words.push({ kind: 'quoted name', text: quoted.replaceAll('``', '`') })
    else if (number !== undefined) words.push({ kind: 'number', text: number })
    else if (text !== undefined) words.push({ kind: 'text', text })
    else if (sign !== undefined) words.push({ kind: 'sign', text: sign })
  }
  return words
}
