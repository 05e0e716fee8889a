/** The face of the room: what others may use. */
export { createBackup, listBackups, removeBackup, showBackup, verifyBackup } from './backup.ts';
export { restoreBackup } from './restore.ts';
