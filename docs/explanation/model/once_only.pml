/*
 * Seedvault's promise: no moving factor is told "accepted" twice. One token, two nodes, one
 * database with or without a standby, and trouble at every point. README.md beside this file
 * explains it, and says which function of the code each step stands for.
 *
 * -D chooses what is modelled:
 *   HOTP                 the token counts presses; else it counts time steps (TOTP)
 *   SYNC, ASYNC          there is a standby of that kind; else the database is alone
 * -D takes a defence out:
 *   NAIVE TELL_EARLY NO_FLOORS NO_EPOCH ASYNC_NO_BUMP EPOCH_FROM_BACKUP NO_REOPEN
 * or one of two that can stand in for each other:
 *   NO_VERSION NO_FLOOR_CHECK
 * or something that the design relies upon:
 *   SHORT_RAISE OLD_PAIR
 */

#ifndef REQUESTS
#define REQUESTS    3   /* codes that come in before the end, for both nodes together */
#endif
#define SHOWN_FIRST 1
#define SHOWN_MAX   3   /* while there is trouble; the rest is the holder's, in the end */
#define FACTORS     (SHOWN_MAX + 3)
#define LOOK_AHEAD  2   /* HOTP: counters beyond the expected one */
#define NOBODY      2

#if defined(SYNC) || defined(ASYNC)
#define STANDBY
#endif

#ifdef SYNC
#define RESTORES    0   /* as with a database that is alone */
#else
#define RESTORES    1
#endif

#ifdef SHORT_RAISE
#define SHORT       1   /* floors end one step below the highest code that a node would accept */
#else
#define SHORT       0
#endif

/* What a database holds of the token, and of the vault. */
typedef Database {
    byte next_factor;   /* the floor: below it all is spent */
    byte version;       /* how many decisions were written */
    bool must_resync;   /* one code alone will not do */
    byte epoch          /* how many times the vault was rolled back */
};

Database primary;
Database backup;        /* as all was at the start */
#ifdef STANDBY
Database standby;
#endif
#ifdef SYNC
byte server;            /* which server answers: a connection to an earlier one is dead */
byte locked_by = NOBODY; /* who has changed the row, and has not committed */
bool shipped;           /* the standby has that change already */
#endif

byte hsm_epoch;         /* the vault's epoch, as the HSM keeps it */
byte shown = SHOWN_FIRST; /* one above the highest factor that anybody can have seen on the token.
                           TOTP: its clock may be a step ahead, so the step now is shown - 2 */

byte requests = REQUESTS;
byte failures = 2, restores = RESTORES, failovers = 1;
bool calm;              /* the trouble is over */
bool asked, resyncing;  /* then the holder comes, with one code or with two */
bool heard, served;     /* and is accepted */

bool told[FACTORS];     /* somebody has heard "accepted" for this factor */

inline copy(to, from) {
    to.next_factor = from.next_factor;
    to.version = from.version;
    to.must_resync = from.must_resync;
    to.epoch = from.epoch
}

/* Somebody hears "accepted". Here the promise is kept or broken. */
inline tell() {
    printf("node %d tells: %d accepted\n", me, code);
    assert(!told[code]);
    told[code] = true;
    if
    :: resync ->
        printf("node %d tells: %d accepted\n", me, code - 1);
        assert(!told[code - 1]);
        told[code - 1] = true
    :: else
    fi;
    heard = (heard || holders)
}

/* ------------------------------------------------------------------------------------- a node */

#ifdef HOTP
#define IN_WINDOW (code <= seen.next_factor + LOOK_AHEAD)
#else
#define IN_WINDOW (code + 3 >= shown)
#endif

#if defined(NAIVE) || defined(NO_VERSION)
#define SAME_VERSION true
#else
#define SAME_VERSION (primary.version == seen.version)
#endif

#if defined(NAIVE) || defined(NO_FLOOR_CHECK)
#define UNSPENT true
#else
#define UNSPENT (primary.next_factor <= ceiling)
#endif

#if defined(NAIVE) || defined(NO_EPOCH)
#define SAME_EPOCH true
#else
#define SAME_EPOCH (primary.epoch == known_epoch)
#endif

#define UNCHANGED (SAME_VERSION && UNSPENT && SAME_EPOCH)

/* In the end: what the holder reads off the token. To resynchronise: the second of two codes that
   were never shown before. Else any code, see choose_code. */
inline take_request() {
    if
    :: asked ->
        asked = false; holders = true; resync = resyncing; code = shown - 1
    :: !calm && requests ->
        requests--
#ifdef HOTP
    :: !calm && requests && primary.must_resync && shown + 2 <= SHOWN_MAX ->
        requests--; resync = true; shown = shown + 2; code = shown - 1
#endif
#ifdef OLD_PAIR
    :: !calm && requests && primary.must_resync && shown >= 2 ->
        requests--; resync = true; select(code : 1 .. shown - 1)
#endif
    fi
}

/* Any code that was ever shown. At each reading anew, which is more than can happen; in the end
   nobody is before the holder with the holder's own code. */
inline choose_code() {
    if
    :: holders || resync
    :: !holders && !resync && calm -> goto idle
    :: !holders && !resync && !calm -> select(code : 0 .. shown - 1)
    fi
}

inline decide() {
    if
    :: resync -> accepted = (seen.next_factor <= code - 1)
    :: else   -> accepted = (seen.next_factor <= code && IN_WINDOW)
    fi;
    printf("node %d reads version %d, floor %d; code %d, resync %d: accepted %d\n",
        me, seen.version, seen.next_factor, code, resync, accepted);
    if
    :: accepted -> ceiling = code; next_factor = code + 1
    :: else     -> ceiling = seen.next_factor; next_factor = seen.next_factor
    fi;
    if
    :: accepted || holders || resync
    :: else -> code = 0                 /* which code was rejected makes no difference */
    fi
}

inline write_to(database) {
    database.next_factor = next_factor;
    database.version = seen.version + 1;
    database.must_resync = (seen.must_resync && !accepted)
}

/* Only acceptances are told here: a rejection lets nobody in. */
inline commit() {
    write_to(primary);
    printf("node %d commits version %d, floor %d\n", me, primary.version, primary.next_factor);
    seen.next_factor = 0; seen.version = 0; seen.must_resync = false;
    ceiling = 0; next_factor = 0;
    if
    :: accepted
    :: else -> goto idle
    fi
}

inline try_again() {
    printf("node %d finds another row: nobody was told\n", me);
#ifndef NO_REOPEN
    known_epoch = primary.epoch;        /* where it differs: the node is started anew */
#endif
    goto read
}

/* The node fails, or the network does: the caller hears nothing. */
#define MAY_FAIL :: failures && !calm -> failures--; printf("node %d fails: nobody was told\n", me); goto failed

proctype Node(byte me) {
    Database seen;
    byte known_epoch, code, ceiling, next_factor;
    bool accepted, resync, holders;
#ifdef SYNC
    byte connection;
#endif

open:
    known_epoch = primary.epoch;

idle:
    /* Nothing is left of the last request: fewer states, the same behaviour. */
    atomic {
        seen.next_factor = 0; seen.version = 0; seen.must_resync = false;
        code = 0; ceiling = 0; next_factor = 0;
        accepted = false; resync = false; holders = false
    };

end_idle:
    atomic {
        asked || (!calm && requests) -> take_request();
read:
        seen.next_factor = primary.next_factor;
        seen.version = primary.version;
        seen.must_resync = primary.must_resync;
        if
        :: seen.must_resync && !resync -> goto idle         /* refused: the row stays as it is */
        :: else -> choose_code(); decide()
        fi
    };

#ifdef TELL_EARLY
    if
    :: accepted -> atomic { tell() }
    :: !accepted
    fi;
#endif

#ifndef SYNC
    atomic {
        if
        :: UNCHANGED -> commit()
        :: !UNCHANGED -> try_again()
        MAY_FAIL
        fi
    };
#else
    atomic {
        if
        :: locked_by == NOBODY && UNCHANGED -> locked_by = me; connection = server
        :: locked_by == NOBODY && !UNCHANGED -> try_again()
        MAY_FAIL
        fi
    };
    atomic {
        if
        :: connection == server -> write_to(standby); shipped = true
        :: connection != server -> goto idle                /* could not decide: nobody is told */
        MAY_FAIL
        fi
    };
    atomic {
        if
        :: connection == server -> shipped = false; locked_by = NOBODY; commit()
        :: connection != server -> goto idle
        MAY_FAIL
        fi
    };
#endif

    atomic {
        if
#ifndef TELL_EARLY
        :: true -> tell()
#else
        :: true
#endif
        MAY_FAIL
        fi
    };
    goto idle;

failed:
#ifdef SYNC
    /* The server undoes the transaction, or finishes what the standby has already. */
    atomic {
        if
        :: locked_by == me && shipped -> write_to(primary); shipped = false; locked_by = NOBODY
        :: locked_by == me && !shipped -> locked_by = NOBODY
        :: else
        fi
    };
#endif
    goto open
}

/* -------------------------------------------------------------------------------- the trouble */

/* What must be done when the database went back in time, whatever it was that took it there. */
inline make_up_for_rollback() {
#ifdef EPOCH_FROM_BACKUP
    primary.epoch++;
#else
    hsm_epoch++;
    primary.epoch = hsm_epoch;
#endif
#ifndef NO_FLOORS
#ifdef HOTP
    /* One above the highest acceptance that the exported audit log shows. */
    select(audited : 0 .. lost.next_factor);
    if
    :: primary.must_resync = true
    :: audited == lost.next_factor && !lost.must_resync     /* it shows that nothing is missing */
    fi;
    primary.next_factor = (audited > primary.next_factor -> audited : primary.next_factor)
#else
    primary.next_factor =
        (shown - SHORT > primary.next_factor -> shown - SHORT : primary.next_factor)
#endif
#endif
}

inline keep_lost() {
    copy(lost, primary)
#ifdef SYNC
    ;
    server++;           /* transactions that were open end with the server */
    locked_by = NOBODY;
    shipped = false
#endif
}

inline forget_lost() {
    lost.next_factor = 0; lost.version = 0; lost.must_resync = false; lost.epoch = 0;
    audited = 0
}

inline restore() {
    restores--;
    keep_lost();
    copy(primary, backup);
    make_up_for_rollback();
#ifdef STANDBY
    copy(standby, primary);
#endif
    printf("the backup is restored: version %d, floor %d, resync %d, epoch %d\n",
        primary.version, primary.next_factor, primary.must_resync, primary.epoch);
    forget_lost()
}

inline promote() {
    failovers--;
    keep_lost();
    copy(primary, standby);
#if defined(ASYNC) && !defined(ASYNC_NO_BUMP)
    make_up_for_rollback();
    copy(standby, primary);
#endif
    printf("the standby is promoted: version %d, floor %d, resync %d, epoch %d\n",
        primary.version, primary.next_factor, primary.must_resync, primary.epoch);
    forget_lost()
}

proctype Trouble() {
    Database lost;
    byte audited;

    do
    :: atomic { shown < SHOWN_MAX -> shown++ }              /* time goes on; the token is pressed */
    :: atomic { restores -> restore() }
#ifdef STANDBY
    :: atomic { failovers -> promote() }
#endif
#ifdef ASYNC
    :: atomic { standby.version != primary.version -> copy(standby, primary) }
#endif
    :: calm = true; break
    od
}

/* ------------------------------------------------------------------ the holder, when all is over */

inline ask() { asked = true; heard -> heard = false }

proctype Holder() {
    calm;
#ifdef HOTP
    if
    :: primary.must_resync || shown > primary.next_factor + LOOK_AHEAD ->
        resyncing = true; shown = shown + 2; ask(); resyncing = false
    :: else
    fi;
#endif
    shown++;
    ask();
    served = true
}

init { atomic { run Node(0); run Node(1); run Trouble(); run Holder() } }

ltl served_in_the_end { <> served }
