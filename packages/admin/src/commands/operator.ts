/** The origin of the command line's actions in the audit. */
export const operatorAddress = 'command line';
