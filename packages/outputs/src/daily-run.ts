/** The topic under which outputs keep the progress of daily runs: a partition for each date. */
export const DAILY_RUN = 'daily run'
