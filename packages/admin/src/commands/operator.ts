/** Where what the command line does comes from, in the audit. */
export const operatorAddress = 'command line';
