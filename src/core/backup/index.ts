/** The face of the room: what others may use. */
export { createBackup, listBackups, removeBackup, showBackup, verifyBackup, type BackupContent, type BackupResult, type CreateBackup, type ListedBackup } from './backup.ts';
export { restoreBackup, type RestoreBackup, type RestoreResult } from './restore.ts';
export { looksLikeBackup, type BackupHeader, type BackupPart } from './format.ts';
