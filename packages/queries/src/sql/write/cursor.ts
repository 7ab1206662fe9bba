import { MillraceError } from '@millrace/base'
import { wordsOf } from './words.ts'

/** Reads a statement word by word. */
export interface Cursor {
  /** The next word, or one after it; undefined at the end. */
  peek(ahead?: number): string | undefined
  /** The word before. */
  before(): string | undefined
  ends(): boolean
  /** Takes the next word if it is this one. */
  take(word: string): boolean
  expect(word: string): void
  /** Takes a name. */
  name(): { readonly name: string; readonly written: string }
  /** Takes names with points between them. */
  path(): string[]
  /** Takes names in parentheses. */
  names(): string[]
  /** Takes expressions in parentheses. */
  list(): string[]
  /** Takes the text up to one of the words at this depth, or to the end. */
  until(...ends: readonly string[]): string
  skipTo(...ends: readonly string[]): boolean
  place(): number
  textFrom(place: number): string
  rest(): string
}

export function cursorOf(sql: string): Cursor {
  const words = wordsOf(sql)
  let at = 0
  const word = (ahead = 0) => words[at + ahead]
  /** FROM after DISTINCT compares, and begins nothing. */
  const isEnd = (i: number, ends: readonly string[]) => {
    const [text = '', next] = [words[i]?.text, words[i + 1]?.text]
    if (text === 'FROM' && words[i - 1]?.text === 'DISTINCT') return false
    return ends.includes(text) || ends.includes(`${text} ${next}`)
  }
  const textBetween = (from: number, to: number) => {
    const [first, last] = [words[from], words[to - 1]]
    return first && last && to > from ? sql.slice(first.from, last.to) : ''
  }
  const skip = (ends: readonly string[]) => {
    const depth = word()?.depth ?? 0
    while (at < words.length && !(words[at]?.depth === depth && isEnd(at, ends)) && (words[at]?.depth ?? 0) >= depth)
      at++
  }
  const until = (...ends: readonly string[]) => {
    const from = at
    skip([...ends, ';'])
    if (at === from) throw unexpected(word()?.text)
    return textBetween(from, at)
  }
  const take = (text: string) => {
    const found = word()?.text === text
    if (found) at++
    return found
  }
  const expect = (text: string) => {
    if (!take(text)) throw unexpected(word()?.text)
  }
  const name = () => {
    const next = word()
    if (!next || !/^["\p{L}_]/u.test(next.text)) throw unexpected(next?.text)
    at++
    const written = sql.slice(next.from, next.to)
    return { written, name: written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written }
  }
  const inside = (read: () => string) => {
    const items: string[] = []
    expect('(')
    do items.push(read())
    while (take(','))
    expect(')')
    return items
  }
  return {
    peek: (ahead) => word(ahead)?.text,
    before: () => word(-1)?.text,
    ends: () => at >= words.length || word()?.text === ';',
    take,
    expect,
    name,
    path() {
      const names = [name().name]
      while (take('.')) names.push(name().name)
      return names
    },
    names: () => inside(() => name().name),
    list: () => inside(() => until(',')),
    until,
    skipTo(...ends) {
      skip(ends)
      return at < words.length
    },
    place: () => at,
    textFrom: (place) => textBetween(place, at),
    rest: () => textBetween(at, words.length),
  }
}

function unexpected(text: string | undefined): MillraceError {
  const what = text === undefined ? 'ends where more is expected' : `has ${text} where something else is expected`
  return new MillraceError('QUERY_FAILED', `the statement ${what}`, {
    next: 'Write DELETE FROM t WHERE …, UPDATE t SET a = … WHERE …, INSERT INTO t SELECT … or MERGE INTO t USING … ON … WHEN ….',
  })
}
