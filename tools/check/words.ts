import { Visitor } from 'oxc-parser'
import { lineAt, type Problem, readSourceFiles, type SourceFile } from './source-files.ts'

/** Words of a private dialect, each with the field's word. They occur in no name of ours. */
const PRIVATE: Readonly<Record<string, string>> = {
  atelier: 'context, or what it holds',
  care: 'maintenance',
  careful: 'closer look',
  desk: 'service',
  doubted: 'suspect',
  fate: 'outcome',
  fates: 'outcomes',
  sift: 'select',
  sifted: 'selected',
  stray: 'unrecognized',
  strays: 'unrecognized',
  stretch: 'range',
  stretches: 'ranges',
  tally: 'count',
  told: 'reported',
  workbench: 'context',
  workshop: 'context',
}

/** Words that no comment has either: in prose the others can mean something else. */
const IN_COMMENTS = /\b(?:atelier|fates?|sift(?:ed)?|strays?|table care|workbench|workshop)\b/i

/** A comment is a sentence, not a value with a colon. */
const FRAGMENT = /^\*? *(?:Undefined|False|True): /

/** The page is written for a browser: `stretch` is a word of CSS there. */
const CHECKED = /^(?:packages|test|tools|infra)\/(?!watch\/src\/page\/|check\/words\.ts$)/

/** Private words in names and comments: readers know the field and not us (docs/architecture.md has what is ours). */
export function findPrivateWords(root: string): Problem[] {
  return readSourceFiles(root)
    .filter(({ path }) => CHECKED.test(path))
    .flatMap((file) => [...inNames(file), ...inComments(file)])
}

function inNames({ path, text, program }: SourceFile): Problem[] {
  const found = new Map<string, Problem>()
  const look = (name: string, start: number) => {
    const word = name.split(/(?=[A-Z])|[_\d]/).find((part) => Object.hasOwn(PRIVATE, part.toLowerCase()))
    if (word === undefined || found.has(name)) return
    const message = `${name}: say ${PRIVATE[word.toLowerCase()]}, not ${word.toLowerCase()}`
    found.set(name, { path: `${path}:${lineAt(text, start)}`, message })
  }
  new Visitor({ Identifier: ({ name, start }) => look(name, start) }).visit(program)
  return [...found.values()]
}

function inComments({ path, text, comments }: SourceFile): Problem[] {
  return comments.flatMap(({ value, start }) => {
    const at = `${path}:${lineAt(text, start)}`
    const word = IN_COMMENTS.exec(value)?.[0]
    return [
      ...(word === undefined ? [] : [{ path: at, message: `a comment says ${word}` }]),
      ...(FRAGMENT.test(value) ? [{ path: at, message: 'a comment that is no sentence: say what is returned' }] : []),
    ]
  })
}
