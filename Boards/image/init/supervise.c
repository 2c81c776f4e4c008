// rf-cam, started again whenever it ends, later each time up to half a minute: never a loop that floods the console, never
// one without a word, and never a device that has given up.
#include "init.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST_WAIT = 30, GOOD_RUN = 60 }; // seconds

static const char program[] = "/bin/rf-cam";

// In the child: its output is the pipe, its folder the results partition.
[[noreturn]] static void become_program(int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  signal(SIGPIPE, SIG_DFL);
  if (chdir(RESULTS)) dprintf(STDERR_FILENO, RESULTS ": %s\n", strerror(errno));
  if (access(CONFIG, F_OK)) {
    dprintf(STDERR_FILENO, CONFIG " is missing: defaults, results on this console\n");
    execl(program, program, "camera", NULL);
  } else {
    execl(program, program, "--config", CONFIG, NULL);
  }
  dprintf(STDERR_FILENO, "%s: %s: build the image again\n", program, strerror(errno));
  _exit(127);
}

// Copies what the program prints to the consoles until it and all its children have closed the pipe.
static void copy(int pipe) {
  char bytes[4096];
  for (;;) {
    ssize_t count = read(pipe, bytes, sizeof bytes);
    if (count > 0) console_write(bytes, (size_t)count);
    else if (count == 0 || errno != EINTR) return;
  }
}

// The status of the process; others that end meanwhile are nobody's.
static int wait_for(pid_t child) {
  int status = 0;
  for (;;) {
    pid_t ended = wait(&status);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return 0;
  }
}

static void tell_end(int status, int seconds) {
  if (WIFSIGNALED(status)) {
    say("rf-cam was ended by signal %d (%s); again in %d s", WTERMSIG(status), strsignal(WTERMSIG(status)), seconds);
  } else if (WEXITSTATUS(status) == 2) {
    say("rf-cam does not understand rf-cam.conf (lines above say where): correct it on any computer; again in %d s",
        seconds);
  } else if (WEXITSTATUS(status) == 0) {
    say("rf-cam has come to the end of its source; again in %d s", seconds);
  } else {
    say("rf-cam ended with status %d (lines above say why); again in %d s", WEXITSTATUS(status), seconds);
  }
}

// How the run ended; its length in *seconds.
static int run(double *seconds) {
  double start = uptime();
  int ends[2];
  if (pipe(ends)) return 0;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    become_program(ends[1]);
  }
  close(ends[1]);
  if (child < 0) say("no process can be started: %s", strerror(errno));
  else copy(ends[0]);
  close(ends[0]);
  int status = child < 0 ? 0 : wait_for(child);
  *seconds = uptime() - start;
  return status;
}

void supervise(void) {
  for (int wait = 1;;) {
    double seconds = 0;
    say("starting rf-cam");
    int status = run(&seconds);
    if (seconds >= GOOD_RUN) wait = 1;
    tell_end(status, wait);
    sleep((unsigned)wait);
    wait = wait * 2 < LONGEST_WAIT ? wait * 2 : LONGEST_WAIT;
  }
}
