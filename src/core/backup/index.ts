/** The face of the room: what others may use. */
export { backupFields, createBackup, listBackups, pageOfBackups, removeBackup, showBackup, verifyBackup } from './backup.ts';
export { restoreBackup } from './restore.ts';
