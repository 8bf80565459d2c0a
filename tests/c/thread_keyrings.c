/* The session keyring and the thread keyring belong to the thread that has made them. */
#include "moves.h"
#include <linux/keyctl.h>

static long usual;

static long keyring(int which)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, which, 0, 0, 0);
}

static void *joins(void *arg)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0)
        return arg;
    long own = keyring(KEY_SPEC_SESSION_KEYRING);
    long key = syscall(SYS_add_key, "user", "moves", "x", 1, KEY_SPEC_THREAD_KEYRING);
    long thread = keyring(KEY_SPEC_THREAD_KEYRING);
    CHECK(own != usual && key > 0 && thread > 0);
    for (int i = 0; i < 30; i++) {
        move_on(i);
        CHECK_EQ(keyring(KEY_SPEC_SESSION_KEYRING), own);
        CHECK_EQ(keyring(KEY_SPEC_THREAD_KEYRING), thread);
    }
    return arg;
}

static void *stays(void *arg)
{
    for (int i = 0; i < 30; i++) {
        move_on(i);
        CHECK_EQ(keyring(KEY_SPEC_SESSION_KEYRING), usual);
    }
    CHECK_EQ(keyring(KEY_SPEC_THREAD_KEYRING), -1);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    usual = keyring(KEY_SPEC_SESSION_KEYRING);
    if (usual > 0) {
        pthread_t t[6];
        begin_moves();
        for (int i = 0; i < 6; i++)
            t[i] = spawn(i % 3 ? stays : joins, NULL);
        for (int i = 0; i < 6; i++)
            join(t[i]);
        join(spawn(stays, NULL));
        end_moves();
    }
    OK("nobody sees another's");
    return 0;
}
