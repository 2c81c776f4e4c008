// A file that is whole from its first moment: written without a name where the file system can do that (O_TMPFILE), so that
// nothing is left whatever ends the process, or else under an unpredictable name while no signal can end it.
#define _GNU_SOURCE
#include "CHost.h"
#include <stdbool.h>
#include <sys/random.h>
#include <sys/syscall.h>

// A name that cannot be guessed and is in no listing of pictures. Short: the name of the target may be as long as names get.
enum { TEMPORARY_NAME = 32 };

static int make_temporary_name(char *name) {
  uint64_t number;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return -errno;
  snprintf(name, TEMPORARY_NAME, ".rf-%016llx.part", (unsigned long long)number);
  return 0;
}

// The state of a publication.
typedef struct {
  int folder;       // descriptor
  const char *name; // in it
  const void *bytes;
  size_t count;
  const rf_file_info *replaced;
  bool is_durable;
} publication;

// Opens the folder of a path; *name is what follows it.
static int open_folder(const char *path, const char **name) {
  const char *slash = strrchr(path, '/');
  *name = slash ? slash + 1 : path;
  if (!**name) return -EISDIR;
  char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
  if (!folder) return -ENOMEM;
  int file = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int result = file < 0 ? -errno : file;
  free(folder);
  return result;
}

static int synchronise_folder(int folder) {
  int file = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return -errno;
  // Some file systems know no such call (EINVAL); they have nothing to lose by it.
  int result = fsync(file) && errno != EINVAL ? -errno : 0;
  close(file);
  return result;
}

int rf_folder_synchronise(const char *path) {
  const char *name;
  int folder = open_folder(path, &name);
  if (folder < 0) return folder;
  int result = synchronise_folder(folder);
  close(folder);
  return result;
}

// 0 where the name still leads to the file that is to be replaced.
static int check_replaced(const publication *p, struct stat *status) {
  if (fstatat(p->folder, p->name, status, AT_SYMLINK_NOFOLLOW)) return errno == ENOENT ? -EEXIST : -errno;
  return status->st_dev == p->replaced->device && status->st_ino == p->replaced->inode ? 0 : -EEXIST;
}

static int fill(const publication *p, int file) {
  struct stat status;
  if (p->replaced) {
    int result = check_replaced(p, &status);
    // Where another owner's file cannot be imitated, the new one has the usual permissions.
    if (result) return result;
    if (S_ISREG(status.st_mode)) (void)fchmod(file, status.st_mode & 07777);
  }
  int result = rf_file_write_all(file, p->bytes, p->count);
  if (!result && p->is_durable && fsync(file)) result = -errno;
  return result;
}

static int rename_over(const publication *p, const char *temporary) {
  struct stat status;
  int result = check_replaced(p, &status);
  return result ? result : renameat(p->folder, temporary, p->folder, p->name) ? -errno : 0;
}

// Gives a file that has no name one; never replaces.
static int link_unnamed(int file, int folder, const char *name) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  return linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

// Signals wait while a temporary name exists.
static void hold_signals(sigset_t *old) {
  sigset_t held;
  sigfillset(&held);
  const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&held, own[i]);
  pthread_sigmask(SIG_BLOCK, &held, old);
}

static int replace_with_unnamed(const publication *p, int file) {
  char temporary[TEMPORARY_NAME];
  sigset_t old;
  int result = make_temporary_name(temporary);
  if (result) return result;
  hold_signals(&old);
  result = link_unnamed(file, p->folder, temporary);
  if (!result) {
    result = rename_over(p, temporary);
    if (result) unlinkat(p->folder, temporary, 0);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return result;
}

// 1 where the file system cannot do it.
static int publish_unnamed(const publication *p) {
  int file = openat(p->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (file < 0) return errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL ? 1 : -errno;
  int result = fill(p, file);
  if (!result) result = p->replaced ? replace_with_unnamed(p, file) : link_unnamed(file, p->folder, p->name);
  close(file);
  // Without /proc, and where files cannot have two names.
  return result == -ENOENT || result == -EPERM || result == -EOPNOTSUPP || result == -EXDEV ? 1 : result;
}

// Renames without replacing; on file systems that know neither way, what was looked for a moment before must do.
static int rename_new(const publication *p, const char *temporary) {
  enum { NO_REPLACE = 1 }; // renameat2(2)
  if (!syscall(SYS_renameat2, p->folder, temporary, p->folder, p->name, NO_REPLACE)) return 0;
  if (errno != ENOSYS && errno != EINVAL) return -errno;
  if (!linkat(p->folder, temporary, p->folder, p->name, 0)) return unlinkat(p->folder, temporary, 0) ? -errno : 0;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return -errno;
  struct stat status;
  if (!fstatat(p->folder, p->name, &status, AT_SYMLINK_NOFOLLOW)) return -EEXIST;
  return renameat(p->folder, temporary, p->folder, p->name) ? -errno : 0;
}

static int open_named(const publication *p, char *temporary) {
  for (int tries = 0; tries < 16; tries++) {
    int result = make_temporary_name(temporary);
    if (result) return result;
    int file = openat(p->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file < 0 ? -errno : file;
  }
  return -EEXIST;
}

static int publish_named(const publication *p) {
  char temporary[TEMPORARY_NAME];
  sigset_t old;
  hold_signals(&old);
  int file = open_named(p, temporary);
  int result = file < 0 ? file : fill(p, file);
  if (file >= 0) {
    if (close(file) && !result) result = -errno;
    if (!result) result = p->replaced ? rename_over(p, temporary) : rename_new(p, temporary);
    if (result) unlinkat(p->folder, temporary, 0);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return result;
}

int rf_file_publish(const char *path, const void *bytes, size_t count, const rf_file_info *replaced, int is_durable) {
  publication p = {.bytes = bytes, .count = count, .replaced = replaced, .is_durable = is_durable != 0};
  p.folder = open_folder(path, &p.name);
  if (p.folder < 0) return p.folder;
  int result = publish_unnamed(&p);
  if (result == 1) result = publish_named(&p);
  if (!result && is_durable) result = synchronise_folder(p.folder);
  close(p.folder);
  return result;
}

int rf_file_replace(const char *path, const void *bytes, size_t count) {
  struct stat status;
  if (lstat(path, &status)) return errno == ENOENT ? rf_file_publish(path, bytes, count, NULL, 0) : -errno;
  if (S_ISDIR(status.st_mode)) return -EISDIR;
  rf_file_info info = {.device = status.st_dev, .inode = status.st_ino};
  return rf_file_publish(path, bytes, count, &info, 0);
}
