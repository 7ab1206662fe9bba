export const INTO_ARCHIVE = 'Kafka to archive'
export const INTO_DELTA = 'archive to Delta'

/** In the input: the archive, and a file that says where Kafka Connect is. */
export const ARCHIVE = 'raw'
export const CONNECT_HOME = 'connect-home'
