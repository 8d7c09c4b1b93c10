/*
 * A PKCS#11 module that does what another one does, until a fault is armed.
 *
 * SHIM_MODULE names the real library. A rule says: at the n-th call of this function, do that.
 * Rules come from shim_arm() or, for a child process, from SHIM_FAULTS, whose words are
 * "function:nth:behaviour:value" with functions by their place in CK_FUNCTION_LIST (v2.40).
 *
 * Every function goes through one trampoline of eight machine words: no function has more
 * arguments, and on the calling conventions that we run on (System V x86-64, AAPCS64) words that
 * the real function does not take are not looked at. The shim knows no PKCS#11 header.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*function)(word, word, word, word, word, word, word, word);

enum { FUNCTIONS = 68, RULES = 8, SLOTS = 64 };

/* Places in CK_FUNCTION_LIST. */
enum {
    INITIALIZE = 0, FINALIZE = 1, GET_FUNCTION_LIST = 3, GET_SLOT_LIST = 4, CLOSE_ALL = 14,
    LOGIN = 18, LOGOUT = 19
};

enum {
    CKR_OK = 0, CKR_GENERAL_ERROR = 5, CKR_USER_ALREADY_LOGGED_IN = 0x100, CKF_OS_LOCKING_OK = 2
};

/* What a rule does; tests/support/shim.py has the same numbers. */
enum behaviour {
    ANSWER = 1,   /* returns the value; the module is not called */
    LATE = 2,     /* the module is called and does its work; the value is returned */
    WAIT = 3,     /* sleeps so many milliseconds, or until shim_release(); then calls the module */
    DROP = 4,     /* closes every session behind the caller's back, then calls the module */
    LOG_OUT = 5,  /* ends the login behind the caller's back, then calls the module */
    FINALISE = 6, /* finalises the module behind the caller's back, then calls it */
    RESTART = 7,  /* the same, and initialises it again */
    KILL = 8,     /* raises the signal of this number */
    DEAD = 9,     /* from now on everything returns the value, until C_Finalize */
    OUTAGE = 10,  /* from now on everything returns the value, until shim_disarm() */
    ALWAYS = 11   /* from the n-th call on this function returns the value, until shim_disarm() */
};

struct list {
    unsigned char major, minor;
    void *functions[FUNCTIONS];
};

struct rule {
    int function, nth, behaviour;
    word value;
    atomic_int seen, fired;
};

static struct list *real;
static struct list proxy;
static struct rule rules[RULES];
static atomic_int armed, waiting, released;
static atomic_long calls[FUNCTIONS];
static atomic_ulong login_session;

static function called(int place) { return (function)real->functions[place]; }

static word call(int place, word a, word b, word c, word d, word e, word f, word g, word h) {
    return called(place)(a, b, c, d, e, f, g, h);
}

static void close_every_session(void) {
    word slots[SLOTS], count = SLOTS;
    if (call(GET_SLOT_LIST, 1, (word)slots, (word)&count, 0, 0, 0, 0, 0) != CKR_OK) return;
    for (word i = 0; i < count; i++) call(CLOSE_ALL, slots[i], 0, 0, 0, 0, 0, 0, 0);
}

static void restart(int initialise) {
    word arguments[6] = {0, 0, 0, 0, CKF_OS_LOCKING_OK, 0}; /* CK_C_INITIALIZE_ARGS */
    call(FINALIZE, 0, 0, 0, 0, 0, 0, 0, 0);
    if (initialise) call(INITIALIZE, (word)arguments, 0, 0, 0, 0, 0, 0, 0);
}

static void wait_for(word milliseconds) {
    struct timespec until, now, step = {0, 1000000};
    clock_gettime(CLOCK_MONOTONIC, &until);
    atomic_fetch_add(&waiting, 1);
    do {
        nanosleep(&step, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (!atomic_load(&released) &&
             (word)((now.tv_sec - until.tv_sec) * 1000 + (now.tv_nsec - until.tv_nsec) / 1000000) <
                 milliseconds);
    atomic_fetch_sub(&waiting, 1);
}

/* Whether the rule holds for this call; a rule that fires once has then fired. */
static int applies(struct rule *rule, int place) {
    if ((rule->behaviour == DEAD || rule->behaviour == OUTAGE) && atomic_load(&rule->fired)) return 1;
    if (rule->function != place) return 0;
    int seen = atomic_fetch_add(&rule->seen, 1) + 1;
    if (rule->behaviour == ALWAYS ? seen < rule->nth : seen != rule->nth) return 0;
    atomic_fetch_add(&rule->fired, 1);
    return 1;
}

static word perform(struct rule *rule, int place, word a, word b, word c, word d, word e, word f,
                    word g, word h) {
    switch (rule->behaviour) {
    case ANSWER:
    case DEAD:
    case OUTAGE:
    case ALWAYS:
        return rule->value;
    case LATE:
        call(place, a, b, c, d, e, f, g, h);
        return rule->value;
    case WAIT: wait_for(rule->value); break;
    case DROP: close_every_session(); break;
    case LOG_OUT: call(LOGOUT, atomic_load(&login_session), 0, 0, 0, 0, 0, 0, 0); break;
    case FINALISE: restart(0); break;
    case RESTART: restart(1); break;
    case KILL: raise((int)rule->value); break;
    }
    return call(place, a, b, c, d, e, f, g, h);
}

/* Every refused login adds an octet to the file SHIM_REFUSALS: a child's count outlives it. */
static void note_login(word session, word returned) {
    if (returned == CKR_OK || returned == CKR_USER_ALREADY_LOGGED_IN) {
        atomic_store(&login_session, session);
        return;
    }
    const char *path = getenv("SHIM_REFUSALS");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) {
        if (write(file, ".", 1) != 1) abort();
        close(file);
    }
}

static word through(int place, word a, word b, word c, word d, word e, word f, word g, word h) {
    struct rule *found = NULL;
    word returned;
    atomic_fetch_add(&calls[place], 1);
    for (int i = 0; i < atomic_load(&armed); i++) {
        struct rule *rule = &rules[i];
        if (rule->behaviour == DEAD && place == FINALIZE && atomic_load(&rule->fired))
            rule->function = -1, rule->behaviour = ANSWER; /* it has come back to life */
        else if (applies(rule, place) && found == NULL)
            found = rule;
    }
    returned = found == NULL ? call(place, a, b, c, d, e, f, g, h)
                             : perform(found, place, a, b, c, d, e, f, g, h);
    if (place == LOGIN) note_login(a, returned);
    return returned;
}

#define TRAMPOLINE(n)                                                                          \
    static word through_##n(word a, word b, word c, word d, word e, word f, word g, word h) {  \
        return through(n, a, b, c, d, e, f, g, h);                                             \
    }
#define TEN(m, t) m(t##0) m(t##1) m(t##2) m(t##3) m(t##4) m(t##5) m(t##6) m(t##7) m(t##8) m(t##9)
#define EVERY(m)                                                                               \
    m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) TEN(m, 1) TEN(m, 2) TEN(m, 3) TEN(m, 4)  \
    TEN(m, 5) m(60) m(61) m(62) m(63) m(64) m(65) m(66) m(67)
EVERY(TRAMPOLINE)

void shim_disarm(void) {
    atomic_store(&armed, 0);
    atomic_store(&released, 1);
}

/* 0, or -1 when there are too many rules. Not while other threads call the module. */
int shim_arm(int place, int nth, int behaviour, word value) {
    int at = atomic_load(&armed);
    if (at == RULES || place < 0 || place >= FUNCTIONS) return -1;
    rules[at].function = place, rules[at].nth = nth;
    rules[at].behaviour = behaviour, rules[at].value = value;
    atomic_store(&rules[at].seen, 0);
    atomic_store(&rules[at].fired, 0);
    atomic_store(&released, 0);
    atomic_store(&armed, at + 1);
    return 0;
}

void shim_release(void) { atomic_store(&released, 1); }
int shim_waiting(void) { return atomic_load(&waiting); }
long shim_calls(int place) { return atomic_load(&calls[place]); }

/* How often the rule that was armed last has fired. */
int shim_fired(void) {
    int count = atomic_load(&armed);
    return count == 0 ? 0 : atomic_load(&rules[count - 1].fired);
}

static void arm_from_environment(void) {
    const char *words = getenv("SHIM_FAULTS");
    int place, nth, behaviour, read;
    word value;
    while (words != NULL &&
           sscanf(words, "%d:%d:%d:%lu %n", &place, &nth, &behaviour, &value, &read) == 4) {
        shim_arm(place, nth, behaviour, value);
        words += read;
    }
}

word C_GetFunctionList(struct list **list) {
    if (real == NULL) {
        const char *path = getenv("SHIM_MODULE");
        void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
        word (*get)(struct list **) =
            library == NULL ? NULL : (word(*)(struct list **))dlsym(library, "C_GetFunctionList");
        if (get == NULL || get(&real) != CKR_OK) {
            fprintf(stderr, "shim: SHIM_MODULE is no PKCS#11 library: %s\n", dlerror());
            return CKR_GENERAL_ERROR;
        }
        proxy.major = real->major, proxy.minor = real->minor;
#define ENTRY(n) proxy.functions[n] = (void *)through_##n;
        EVERY(ENTRY)
        proxy.functions[GET_FUNCTION_LIST] = (void *)C_GetFunctionList;
        arm_from_environment();
    }
    *list = &proxy;
    return CKR_OK;
}
