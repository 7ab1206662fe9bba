import type { PackageManager } from './package-manager.ts'

export interface ProjectText {
  readonly title: string
  readonly about: string
  /** Lines of the configuration file that this project has besides the usual. */
  readonly settings?: string
}

/** Files that every project has. */
export function projectFiles(
  { title, about, settings = '' }: ProjectText,
  manager: PackageManager,
): Readonly<Record<string, string>> {
  return {
    'millrace.config.ts': configOf(settings),
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules\n/data\n/lake\n/reports\n',
    'README.md': readmeOf(title, about, manager),
  }
}

export const SCRIPTS = {
  stream: 'millrace stream',
  dev: 'millrace dev',
  test: 'millrace test',
  batch: 'millrace batch',
  sql: 'millrace sql',
}

const configOf = (settings: string) => `import { defineConfig } from 'millrace'

// Flags come before MILLRACE_* variables, those before this file: \`npx millrace config\` shows each setting.
export default defineConfig({
  datasetFolders: 'datasets',
  questionFolders: 'questions',
${settings}  // Unless a source is named, \`millrace stream\` makes records up.
  // source: 'kafka://localhost:9092',
  // lake: 's3://bucket/lake?region=eu-west-1',
})
`

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "erasableSyntaxOnly": true
  }
}
`

function readmeOf(title: string, about: string, { install, run }: PackageManager): string {
  const commands = [
    [install, 'what package.json names'],
    [run('test'), 'the fixtures of data sets and questions'],
    [run('dev'), 'raw records beside clean ones, while you edit'],
    [run('stream'), 'records into ./lake, until Ctrl-C'],
    [run('batch'), 'one daily run: answers and a report in ./reports'],
    [run('sql'), 'ask the tables'],
  ] as const
  const width = Math.max(...commands.map(([command]) => command.length))
  return `# ${title}

${about}

\`\`\`sh
${commands.map(([command, does]) => `${command.padEnd(width)}   # ${does}`).join('\n')}
\`\`\`

| folder | holds |
|---|---|
| \`datasets\` | a folder a data set: \`dataset.json\` (fields, columns, expectations), \`clean.sql\`, fixtures |
| \`questions\` | two files a question, \`NAME.sql\` and \`NAME.json\`; their fixtures |
| \`millrace.config.ts\` | settings: where records come from, where tables live |

A fixture of a data set is \`x.jsonl\` (records), \`x.clean.jsonl\` (the rows that should come of them) and \`x.bad.jsonl\`
(the lines that should be rejected, and why). A fixture of questions is a folder: \`TABLE.jsonl\` has rows of a table,
\`QUESTION.answer.jsonl\` the answer. \`millrace test --update\` writes what comes.
`
}
