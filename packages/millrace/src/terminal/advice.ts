import type { ErrorCode, MillraceError } from '@millrace/base'

/** Advice at the command line by error code, where it says more than the code's own. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  USAGE: 'Run the command with --help to see what it takes.',
  CONFIG_INVALID: 'Run `millrace config` to see each setting and where it comes from.',
  SOURCE_DAMAGED:
    'What the source handed over is not what was stored. Check its disks; accept the gap with a new --group, --start and --another-group.',
  RAW_MISSING: 'Check --raw, and that its folders or files are called as the data sets are (--datasets, --topics).',
  RUN_ORDER: 'Runs build on one another: do the newest date anew with --full.',
  SOURCE_CHANGED:
    'The source is another one than the table was filled from. Use a new --group, or bring back the old source.',
  OFFSET_OUT_OF_RANGE:
    'Records between the table and the source are gone. Accept the gap with a new --group, --start and --another-group.',
  TABLE_NOT_FOUND: 'Check the name and --lake; `millrace tables` lists what is there.',
  PATH_OUTSIDE: 'If you trust whoever wrote the table, allow that place: --allow-path FOLDER, with sql and tables.',
  COLUMNS_WITHOUT_VALUES:
    'Bring them back into dataset.json; a renamed column is another one to the table. To have them NULL from now on: --null-columns DATASET=COLUMN.',
  PROGRESS_LOST:
    'The table holds our commits but not our progress. Start with a new --group, a chosen --start and --another-group.',
  ANOTHER_GROUP:
    'Go on under that group with --group, or give this one a table of its own with --tables; --another-group starts it all the same.',
  MANY_REJECTED:
    'See them with `millrace quarantine list`. Mend the data set, then run it again: it cleans the same input anew. Records that were mended need --full. To accept it as it is: --max-refused, such as 60%.',
  DATASET_UNKNOWN:
    'Name one of the data sets listed, or where they are by --dataset-folders. With --infer `stream` and `quarantine replay` make up one of a topic.',
  INTERNAL: 'This is a defect of Millrace: please report it with the output of --debug.',
}

/** Returns what to do next, in the words of the command line. */
export function adviceOf(error: MillraceError): string {
  return error.isNextSpecific ? error.next : (ADVICE[error.code] ?? error.next)
}
