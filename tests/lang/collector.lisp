;;; SBCL's collector, which stops every thread by a signal: threads that allocate while others compute, sleep and wait for
;;; pipes and locks. Prints the same natively and under iopatch.
(require :sb-posix)

(defun tree (depth value)
  (if (zerop depth)
      (list value)
      (list value (tree (1- depth) (* 2 value)) (tree (1- depth) (1+ (* 2 value))))))

(defun total (tree)
  (reduce #'+ (rest tree) :key #'total :initial-value (first tree)))

;; Trees, the last four of which are alive.
(defun allocate (n)
  (let ((alive (make-array 4 :initial-element '(0))))
    (loop for round below 400
          do (setf (aref alive (mod round 4)) (tree 8 (+ n round)))
          sum (reduce #'+ alive :key #'total))))

(defun compute (n)
  (declare (optimize speed (safety 0)) (type (unsigned-byte 32) n))
  (let ((x n))
    (declare (type (unsigned-byte 32) x))
    (dotimes (i 60000000 x)
      (setf x (ldb (byte 32 0) (+ (* x 1664525) 1013904223))))))

(defun nap (n)
  (let ((mine '()))
    (dotimes (i 200 (reduce #'+ mine))
      (sleep 0.0005)
      (push (+ n i) mine))))

(defun converse (n)
  (multiple-value-bind (there-out there-in) (sb-posix:pipe)
    (multiple-value-bind (back-out back-in) (sb-posix:pipe)
      (flet ((open-end (descriptor &rest how)
               (apply #'sb-sys:make-fd-stream descriptor :element-type '(unsigned-byte 8) how)))
        (let* ((say (open-end there-in :output t :buffering :full))
               (hear (open-end back-out :input t :buffering :none))
               (echo (sb-thread:make-thread
                      (lambda ()
                        (let ((from (open-end there-out :input t :buffering :none))
                              (to (open-end back-in :output t :buffering :full)))
                          (loop for byte = (read-byte from nil)
                                while byte do (write-byte byte to) (finish-output to))
                          (close from) (close to))))))
          (prog1 (loop for i below 100
                       do (write-byte (+ n i) say) (finish-output say)
                       sum (read-byte hear))
            (close say)
            (sb-thread:join-thread echo)
            (close hear)))))))

(defvar *lock* (sb-thread:make-mutex))
(defvar *changed* (sb-thread:make-waitqueue))
(defvar *turn* 0)

(defun take-turns (n)
  (let ((said '()))
    (dotimes (round 50)
      (sb-thread:with-mutex (*lock*)
        (loop until (= (mod *turn* 4) n)
              do (sb-thread:condition-wait *changed* *lock*))
        (push (princ-to-string *turn*) said)
        (incf *turn*)
        (sb-thread:condition-broadcast *changed*)))
    (reduce #'+ said :key #'parse-integer)))

(defvar *threads*
  (loop for work in '(allocate compute nap converse take-turns)
        append (loop for n below 4
                     collect (sb-thread:make-thread work :arguments (list n)))))

(dotimes (i 20) (gc))
(print (mapcar #'sb-thread:join-thread *threads*))
(terpri)
(exit :code 7 :abort nil)
